"""What can go wrong outside our code, told in a sentence."""


class Trouble(Exception):
    """Something the reader can put right; the message says what is wrong and what to do."""
