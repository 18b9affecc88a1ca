"""The display wall of an immersion bench: what it draws and when, and what a camera before it sees."""
