terraform import lambdasim_iam_instance_profile.worker 'worker'
