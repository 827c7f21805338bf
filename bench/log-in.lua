-- A log-in form, as a browser posts it.
wrk.method = "POST"
wrk.body = "email=bench%40example.com&password=correct+horse+battery"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
