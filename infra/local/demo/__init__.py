"""The demo: a customer who configures the local stack, publishes a clip and checks every file that comes out."""
