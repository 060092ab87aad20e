# needs validate: false. Asks the interpreter to leave.
import sys
print("leaving")
sys.exit(3)
