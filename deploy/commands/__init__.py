"""What ``./portal`` can do. Standard library only: nothing is installed yet when it starts."""
