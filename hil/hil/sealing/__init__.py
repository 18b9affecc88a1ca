"""What is made of a closed run: the sealed set, exports, amendments; and how each is verified."""
