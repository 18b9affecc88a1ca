"""Stop before an obstacle that appears in the path of a mobile robot."""
