-- A log-in form, as a browser posts it.
wrk.method = "POST"
wrk.body = "email=log-in%40example.com&password=correct+horse+battery"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
-- A flood comes from one address, others each from their own.
wrk.headers["X-Forwarded-For"] = "192.0.2.1"
if not os.getenv("FLOOD") then
    request = function()
        wrk.headers["X-Forwarded-For"] = "10." .. math.random(250) .. "." .. math.random(250) .. ".1"
        return wrk.format()
    end
end
-- A failed log-in is a redirect too, back to the form. In a flood some are told to come back.
response = function(status, headers)
    if status == 503 and os.getenv("FLOOD") then return end
    if status ~= 303 or headers["location"] ~= "/account" then
        io.stderr:write("a log-in was answered with " .. status .. " to " .. tostring(headers["location"]) .. "\n")
        os.exit(1)
    end
end
