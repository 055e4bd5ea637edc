terraform import lambdasim_invocation.schema 'migrate,$LATEST,b326b5062b2f0e69046810717534cb09'
