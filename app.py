"""The Chalice app: registers blueprints, nothing else."""

from chalice import Chalice

app = Chalice(app_name="tapedeck")
