"""The vocabulary of the program as frozen values. Standard library only; nothing here acts."""
