#!/bin/sh
# Run the committed code on the committed data as a Job of a team. What is not committed and pushed does not run: nobody
# else could ever look it up.
set -eu

if [ $# -ne 3 ]; then
  echo "usage: ./submit.sh TEAM IMAGE LOGS
  TEAM   such as vision: its namespace is team-TEAM, its workspace in MLflow TEAM
  IMAGE  HOST/NAME@sha256:DIGEST, of the environment's repository \`training\`
  LOGS   s3://BUCKET/teams/TEAM/tensorboard" >&2
  exit 1
fi
team=$1 image=$2 logs=$3
case $image in
*/*@sha256:*) ;;
*) echo "error: $image is not HOST/NAME@sha256:DIGEST" >&2; exit 1 ;;
esac

if [ -n "$(git status --porcelain)" ]; then
  echo "error: commit first, so that the model can name what it was made of:" >&2
  git status --short >&2
  exit 1
fi
commit=$(git rev-parse HEAD)
if [ -z "$(git for-each-ref --contains "$commit" refs/remotes)" ]; then
  echo "error: $commit is on no branch of a remote. Push first: git push" >&2
  exit 1
fi
dvc push

# Without a password or a token: it becomes a tag that the whole team reads.
repository=$(git remote get-url origin | sed 's|^\(https*://\)[^/@]*@|\1|')
name=$(echo "$commit" | cut -c 1-12)
kubectl create configmap "wine-$name" --namespace "team-$team" --dry-run=client --output json \
  --from-file=train.py --from-file=wine.csv.dvc --from-file=dvc.config=.dvc/config \
  --from-literal="commit=$commit" --from-literal="repository=$repository" \
  --from-literal="workspace=$team" --from-literal="logs=$logs" |
  kubectl apply --namespace "team-$team" --filename -
sed "s|&image .*|\&image $image|; s|wine-commit|wine-$name|g" job.yaml |
  kubectl create --namespace "team-$team" --filename -
