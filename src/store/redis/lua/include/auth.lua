-- API keys, users and tokens, all in one shard (auth.ts). Orders are microseconds.
--   ak:<id>               HASH h hash of the key, n name, s scopes (JSON), c created, u last used, r revoked
--   ah:<hash>             id of the key
--   al                    ZSET order+id by created
--   au:<username>         HASH p hash of the password, s scopes (JSON), c created, o order
--   ap                    ZSET order+username by created
--   at:<hash>             HASH k kind, u username, l lifetime, x when it ends, o order
--   av:<kind>:<username>  ZSET order+hash, all with score 0: oldest first
--   ax                    ZSET hash of token by its end
--@include time
local AUTH_ORDER_DIGITS = 16

local function auth_key(id)
  local name, scopes, created, used, revoked = unpack(redis.call('HMGET', root .. 'ak:' .. id, 'n', 's', 'c', 'u', 'r'))
  return name and { id, name, scopes, created, used or '', revoked or '' }
end

local function auth_user(username)
  local password, scopes, created = unpack(redis.call('HMGET', root .. 'au:' .. username, 'p', 's', 'c'))
  return password and { username, scopes, created, password }
end

-- Returns 1, or 0 when there was none.
local function auth_end_token(hash)
  local kind, username, order = unpack(redis.call('HMGET', root .. 'at:' .. hash, 'k', 'u', 'o'))
  redis.call('ZREM', root .. 'ax', hash)
  if not kind then return 0 end
  redis.call('ZREM', root .. 'av:' .. kind .. ':' .. username, order .. hash)
  return redis.call('DEL', root .. 'at:' .. hash)
end

-- When it ends, if it is of this kind and not over.
local function auth_token_end(kind, hash)
  local of, ends = unpack(redis.call('HMGET', root .. 'at:' .. hash, 'k', 'x'))
  return of == kind and tonumber(ends) > now and tonumber(ends) or nil
end
