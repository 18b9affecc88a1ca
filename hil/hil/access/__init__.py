"""Who may reach a bench from other machines: tokens, the certificate of its service, and where it listens."""
