terraform import lambdasim_iam_group.callers 'callers'
