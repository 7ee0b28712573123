"""The Chalice app: registers blueprints, nothing else."""

from chalice import Chalice

from chalicelib.handlers import api, callback_due, file_ready, hooks, task_stopped, tick

app = Chalice(app_name="tapedeck")
for module in (api, hooks, file_ready, callback_due, task_stopped, tick):
    app.register_blueprint(module.blueprint)
