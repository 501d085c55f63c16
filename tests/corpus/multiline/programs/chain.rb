# SPDX-License-Identifier: Apache-2.0
require 'logger'
def read = raise(IOError, 'disk is gone')
def load_it
  read
rescue IOError
  raise KeyError, 'cannot load'
end
def deep(n) = deep(n + 1)
case ARGV[0]
when 'uncaught' then load_it
when 'message' then raise "two lines:\nthe second one"
when 'deep' then deep(0)
when 'thread' then (Thread.new { load_it }.join rescue nil)
when 'logger'
  log = Logger.new($stderr)
  begin
    load_it
  rescue KeyError => e
    log.error(e)
  end
  log.info('and goes on')
end
