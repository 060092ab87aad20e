# needs validate: false. Makes processes until the pids limit stops it.
import os
import time
children = []
try:
    while len(children) < 5000:
        child = os.fork()
        if child == 0:
            time.sleep(3600)
        children.append(child)
finally:
    print(len(children), "children")
