"""How long it takes from a scene that is commanded to a picture in which it is seen."""
