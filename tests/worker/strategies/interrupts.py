# needs validate: false. Raises what Ctrl-C raises.
raise KeyboardInterrupt
