"""Between workspaces and datasets: plan, push, pull, watch. No Qt and no boto3."""
