"""Train a classifier of wines, log the run, and register the model with what it was made of.

Nothing in it is of Groundwork: `mlflow`, `dvc` and `tensorboardX` as their own documentation has them, and four tags.

Environment:
    MLFLOW_TRACKING_URI, MLFLOW_WORKSPACE   where runs and models go; the credentials are in ~/.mlflow/credentials
    MLFLOW_RUN_CONTEXT                      tags of the run, as JSON: what a process cannot know of itself. In a clone
                                            MLflow finds commit and repository out; a container is told all of it
    TENSORBOARD_LOGS                        where event files go: a folder, or s3://BUCKET/teams/TEAM/tensorboard
"""

import hashlib
import os
import subprocess
from pathlib import Path

import dvc.api
import mlflow
import pandas
import sklearn
import skops
from mlflow.models import infer_signature
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import log_loss
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from tensorboardX import SummaryWriter

DATA = "wine.csv"
MODEL = "wine"
EPOCHS = 30
SETTINGS = {"loss": "log_loss", "alpha": 0.01, "random_state": 7}

# What every version of a model carries; docs/lineage.md says what each is.
COMMIT = "mlflow.source.git.commit"
REPOSITORY = "mlflow.source.git.repoURL"
IMAGE = "mlflow.docker.image.uri"
DATA_REVISION = f"groundwork.dvc/{DATA}"
LINEAGE = (COMMIT, REPOSITORY, IMAGE, DATA_REVISION)


def revision_of(path: str) -> str:
    """The address of a file in the DVC remote, which holds its MD5. Raises SystemExit for another content."""
    address = dvc.api.get_url(path)
    md5 = hashlib.md5(Path(path).read_bytes(), usedforsecurity=False).hexdigest()
    if not address.endswith(f"/{md5[:2]}/{md5[2:]}"):
        raise SystemExit(f"{path} is not what {path}.dvc says. Run `dvc add {path}` and commit, or `dvc checkout`.")
    return address


def refuse_what_is_not_committed() -> None:
    """Raise SystemExit when the clone that this runs in, if it is one, is not what its commit says."""
    if Path(".git").exists():
        changed = subprocess.run(["git", "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
        if changed:
            raise SystemExit(f"Commit first, so that the model can name what it was made of:\n{changed}")


def train(frame: pandas.DataFrame, logs: str) -> mlflow.models.model.ModelInfo:
    """Train, log each epoch to MLflow and to TensorBoard, and log the model."""
    features, cultivar = frame.drop(columns="target"), frame["target"]
    rest = train_test_split(features, cultivar, test_size=0.3, stratify=cultivar, random_state=7)
    train_features, test_features, train_cultivar, test_cultivar = rest
    mlflow.log_params({**SETTINGS, "epochs": EPOCHS, "rows": len(frame)})

    scaler, classifier = StandardScaler().fit(train_features), SGDClassifier(**SETTINGS)
    scaled, scaled_test = scaler.transform(train_features), scaler.transform(test_features)
    with SummaryWriter(f"{logs}/{mlflow.active_run().info.run_id}") as board:
        for epoch in range(EPOCHS):
            classifier.partial_fit(scaled, train_cultivar, classes=sorted(cultivar.unique()))
            metrics = {
                "loss": log_loss(test_cultivar, classifier.predict_proba(scaled_test)),
                "accuracy": classifier.score(scaled_test, test_cultivar),
            }
            mlflow.log_metrics(metrics, step=epoch, synchronous=False)  # sent together, while the next epoch runs
            for name, value in metrics.items():
                board.add_scalar(name, value, epoch)
    model = make_pipeline(scaler, classifier)
    return mlflow.sklearn.log_model(
        model,
        name="model",
        signature=infer_signature(test_features, model.predict(test_features)),
        pip_requirements=[f"scikit-learn=={sklearn.__version__}", f"skops=={skops.__version__}"],
    )


def main() -> None:
    """Train and register; a run that cannot say what it is made of registers nothing."""
    refuse_what_is_not_committed()
    revision, frame = revision_of(DATA), pandas.read_csv(DATA)
    mlflow.set_experiment(MODEL)
    with mlflow.start_run() as run:
        mlflow.set_tag(DATA_REVISION, revision)
        logged = train(frame, os.environ.get("TENSORBOARD_LOGS", "runs"))
    known = mlflow.get_run(run.info.run_id).data.tags
    if missing := [name for name in LINEAGE if name not in known]:
        raise SystemExit(f"The model is logged, but not registered: the run has no tag {', '.join(missing)}.")
    # With its tags in the same request: a version without them is never there.
    version = mlflow.register_model(logged.model_uri, MODEL, tags={name: known[name] for name in LINEAGE})
    mlflow.MlflowClient().set_registered_model_alias(MODEL, "candidate", version.version)
    print(f"{MODEL}/{version.version} is registered, and is {MODEL}@candidate.")


if __name__ == "__main__":
    main()
