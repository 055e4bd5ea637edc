terraform import lambdasim_s3_object.first uploads/incoming/first.csv
