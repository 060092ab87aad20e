# needs validate: false. Dies by SIGABRT, as C code does after heap corruption.
import os
os.abort()
