"""The instruments of a simulated bench on their real protocols, and the control socket."""
