# Is not Python.
position = data.close >
report = sim(position)
