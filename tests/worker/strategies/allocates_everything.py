# Takes memory until there is none; each piece is touched.
hoard = []
while True:
    hoard.append(np.ones((4096, 4096)))
