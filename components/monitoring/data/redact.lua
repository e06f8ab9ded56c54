-- What Fluent Bit does to each line before it leaves the node: secrets are taken out, and the line is told where it goes.
--
-- Words are put in front of this file: CLASSES, the data classes that have a log group; DEFAULT_CLASS; and, where lines
-- can be searched, INDEX, by which an index is named.
-- Lua patterns know no alternatives, so a kind of secret is a function. Source: Lua 5.1 reference manual, "Patterns"
-- (LuaJIT, which Fluent Bit has inside, has the same); Fluent Bit manual, "Lua" (what a filter returns).

local HIDDEN = "[REDACTED]"

-- How the name of something secret ends, in small letters and without hyphens, underscores and dots.
local SECRET_ENDS = {
  "password", "passwd", "passphrase", "pwd", "passcode", "secret", "token", "apikey", "accesskey", "secretkey",
  "secretaccesskey", "privatekey", "encryptionkey", "signingkey", "accountkey", "masterkey", "sessionkey", "credential",
  "credentials", "signature", "authorization", "cookie", "connectionstring",
}
-- Headers whose whole value is secret, whatever is in it.
local SECRET_HEADERS = { "authorization", "cookie" }
-- What is no secret although it stands where one would.
local HARMLESS = { ["null"] = true, ["none"] = true, ["nil"] = true, ["true"] = true, ["false"] = true, [""] = true }

-- Tokens that are known by how they begin, and the least number of characters after that.
local PREFIXES = {
  { "gh[oprsu]_", "[%w_]", 30 }, { "github_pat_", "[%w_]", 30 }, { "glpat%-", "[%w_%-]", 15 },
  { "glrt%-", "[%w_%-]", 15 }, { "xox[abeoprs]%-", "[%w%-]", 10 }, { "hf_", "%w", 25 }, { "sk%-", "[%w_%-]", 20 },
  { "[rs]k_live_", "%w", 16 }, { "AIza", "[%w_%-]", 30 }, { "npm_", "%w", 30 }, { "pypi%-", "[%w_%-]", 30 },
  { "dckr_pat_", "[%w_%-]", 20 }, { "ya29%.", "[%w_%-]", 20 }, { "dapi", "%x", 32 },
}

local function bare(name)
  return (name:lower():gsub("[-_.]", ""))
end

local function ends_with(name, endings)
  for _, ending in ipairs(endings) do
    if name:sub(-#ending) == ending then
      return true
    end
  end
  return false
end

local function is_secret_name(name)
  return ends_with(bare(name), SECRET_ENDS)
end

-- PWD and OLDPWD are folders, and every environment that is printed has them.
local function is_harmless(name, value)
  local known = HARMLESS[value:lower()] or value:sub(1, #HIDDEN - 1) == HIDDEN:sub(1, -2)
  return known or (bare(name):sub(-3) == "pwd" and value:sub(1, 1) == "/")
end

local function base64_decoded(text)
  local letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  local bits, count, found = 0, 0, {}
  for letter in text:gsub("=+$", ""):gmatch(".") do
    local at = letters:find(letter, 1, true)
    if at == nil then
      return nil
    end
    bits, count = bits * 64 + at - 1, count + 6
    if count >= 8 then
      count = count - 8
      local byte = math.floor(bits / 2 ^ count)
      found[#found + 1] = string.char(byte)
      bits = bits - byte * 2 ^ count
    end
  end
  return table.concat(found)
end

-- A private key on one line: with its line ends written as \n, or with none.
local function private_keys(text)
  text = text:gsub("%-%-%-%-%-BEGIN [A-Z ]-PRIVATE KEY[A-Z ]-%-%-%-%-%-.-%-%-%-%-%-END [A-Z ]-PRIVATE KEY[A-Z ]-%-%-%-%-%-", HIDDEN)
  return (text:gsub("%-%-%-%-%-BEGIN [A-Z ]-PRIVATE KEY[A-Z ]-%-%-%-%-%-.*$", HIDDEN))
end

-- An access key id; what looks like a secret access key beside one is one.
local function access_keys(text)
  local seen = 0
  text = text:gsub("%f[%w]A[KS]IA[A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9][A-Z0-9]%f[^%w]",
    function()
      seen = seen + 1
      return HIDDEN
    end)
  if seen == 0 then
    return text
  end
  return (text:gsub("[%w/+]+=*", function(word)
    return #word == 40 and HIDDEN or nil
  end))
end

local function known_tokens(text)
  text = text:gsub("eyJ[%w_-]+%.[%w_-]+%.?[%w_-]*", function(word)
    return #word >= 30 and HIDDEN or nil
  end)
  text = text:gsub("(hooks%.slack%.com/services/)[%w/]+", "%1" .. HIDDEN)
  for _, kind in ipairs(PREFIXES) do
    local begins, letters, least = kind[1], kind[2], kind[3]
    text = text:gsub("%f[%w](" .. begins .. ")(" .. letters .. "+)", function(_, rest)
      return #rest >= least and HIDDEN or nil
    end)
  end
  return text
end

-- Addresses of databases, proxies and repositories with a user and a password before the @. A password may have one.
local function passwords_in_addresses(text)
  return (text:gsub("(%a[%w+.-]*://[^%s:/@\"']*:)([^%s/\"']+)(@[%w%[])", "%1" .. HIDDEN .. "%3"))
end

-- `Bearer …` and `Basic …`, wherever they stand; the word alone is no secret.
local function schemes(text)
  text = text:gsub("(%f[%a][Bb][Ee][Aa][Rr][Ee][Rr]%s+)([%w%-._~+/]+=*)", function(scheme, token)
    return #token >= 12 and scheme .. HIDDEN or nil
  end)
  return (text:gsub("(%f[%a][Bb][Aa][Ss][Ii][Cc]%s+)([%w+/]+=*)", function(scheme, token)
    local decoded = #token >= 4 and base64_decoded(token)
    return decoded and decoded:find("^[%g ]*:[%g ]*$") and scheme .. HIDDEN or nil
  end))
end

-- `Authorization: …` and cookies, to the end of the value: of the quotes that it stands in, or of the line.
local function headers(text)
  local lower = text:lower()
  for _, header in ipairs(SECRET_HEADERS) do
    local from = 1
    while true do
      local begin, finish = lower:find(header .. "[\"'\\]*%s*[:=]%s*[\"'\\]*", from)
      if begin == nil then
        break
      end
      local value = text:match("^[^\"'\r\n]+", finish + 1)
      if value == nil or is_harmless(header, value) or value:sub(1, #HIDDEN) == HIDDEN then
        from = finish + 1
      else
        text = text:sub(1, finish) .. HIDDEN .. text:sub(finish + 1 + #value)
        lower, from = text:lower(), finish + 1 + #HIDDEN
      end
    end
  end
  return text
end

-- Where a value ends that begins at `from`: after its closing quote, or, without quotes, before what cannot be of it.
local function value_at(text, from)
  local quote = text:match("^\\?[\"']", from)
  if quote == nil then
    local value = text:match("^[^%s\"'&;]+", from) or ""
    return from, from + #value:gsub("[],)}\\]+$", "") - 1
  end
  local begin, at = from + #quote, from + #quote
  while true do
    local found = text:find(quote, at, true)
    if found == nil then
      return begin, #text
    elseif #quote == 1 and text:sub(found - 1, found - 1) == "\\" and text:sub(found - 2, found - 2) ~= "\\" then
      at = found + 1 -- a quote that belongs to the value
    else
      return begin, found - 1
    end
  end
end

-- Hides what follows each match of a pattern, if the name that it captures is of something secret.
local function hide_values(text, pattern)
  local from = 1
  while true do
    local start, finish, name = text:find(pattern, from)
    if finish == nil then
      return text
    end
    from = finish + 1
    -- In an ARN `:secret:` is a kind of thing, and what follows is its name.
    local of_arn = text:sub(start - 1, start - 1) == ":" and text:sub(start, finish) == name .. ":"
    if is_secret_name(name) and not of_arn then
      local begin, last = value_at(text, from)
      if last >= begin and not is_harmless(name, text:sub(begin, last)) then
        text = text:sub(1, begin - 1) .. HIDDEN .. text:sub(last + 1)
        from = begin + #HIDDEN
      end
    end
  end
end

-- name=value, name: value, "name": "value", name => value; and --name value.
local function named_values(text)
  text = hide_values(text, "([%w_.-]+)\\?[\"']?%s*[:=]>?%s*")
  return hide_values(text, "%-%-([%w_-]+)%s+%f[^%s-]")
end

local STEPS = { private_keys, headers, schemes, passwords_in_addresses, known_tokens, named_values, access_keys }

function redacted(text)
  for _, step in ipairs(STEPS) do
    text = step(text)
  end
  return text
end

-- A key that is printed comes as many lines, each a record of its own: from its first line to its last, by file.
local LONGEST_KEY = 120
local inside = {}

local function within_a_key(tag, text)
  local left = inside[tag]
  if left == nil then
    if text:find("%-%-%-%-%-BEGIN [A-Z ]-PRIVATE KEY") and not text:find("%-%-%-%-%-END [A-Z ]-PRIVATE KEY") then
      inside[tag] = LONGEST_KEY
    end
    return false
  end
  local line = text:match("^%s*(.-)%s*$")
  local of_key = line:find("^[%w+/=]*$") or line:find("^Proc%-Type:") or line:find("^DEK%-Info:")
  local last = line:find("%-%-%-%-%-END ")
  inside[tag] = not last and of_key and left > 1 and left - 1 or nil
  return of_key ~= nil or last ~= nil
end

-- The index of a class and a team, but for its day. A name that no team of ours can have is nobody's: dots in it would
-- lead into the indices of others.
local function index_of(class, team)
  local owner = team and team:find("^[a-z][a-z0-9-]*$") and team or INDEX.no_team
  return table.concat({ INDEX.prefix, class, owner }, INDEX.separator)
end

-- Called by Fluent Bit for each record; 2 says that the record was changed and its time was not.
function process(tag, timestamp, record)
  for name, value in pairs(record) do
    if type(value) == "string" then
      record[name] = within_a_key(tag .. name, value) and HIDDEN or redacted(value)
    end
  end
  local labels = (record["kubernetes_namespace"] or {})["labels"] or {}
  local class = labels["groundwork.io/data-class"]
  record["data_class"] = CLASSES[class] and class or DEFAULT_CLASS
  record["team"] = labels["groundwork.io/team"] or "platform"
  if INDEX then
    record["search_index"] = index_of(record["data_class"], labels["groundwork.io/team"])
  end
  record["kubernetes_namespace"] = nil
  return 2, timestamp, record
end
