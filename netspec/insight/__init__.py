"""Looking inside a net: what its layers make of images, and which pixels move a unit. Pure functions of arrays."""
