"""Virtual instruments: models that turn an input into a value of a quantity, and stimuli of known truth for them."""
