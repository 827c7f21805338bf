-- Another signed-in user for each request, from the file that COOKIES names.
local cookies = {}
for line in io.lines(os.getenv("COOKIES")) do cookies[#cookies + 1] = line end
math.randomseed(os.time())
request = function()
    wrk.headers["Cookie"] = cookies[math.random(#cookies)]
    return wrk.format("GET")
end
