// SPDX-License-Identifier: Apache-2.0

// A far end that speaks HTTP/2 over TLS and nothing else. usage: http2.mjs KEY CERTIFICATE
// Prints its port, then for each request its path, content type and length.
import http2 from 'node:http2'
import fs from 'node:fs'

const server = http2.createSecureServer({
  key: fs.readFileSync(process.argv[2]),
  cert: fs.readFileSync(process.argv[3]),
  allowHTTP1: false,
})
server.on('stream', (stream, headers) => {
  let length = 0
  stream.on('data', (chunk) => { length += chunk.length })
  stream.on('end', () => {
    console.log(`HTTP/2 ${headers[':path']} ${headers['content-type']} ${length}`)
    stream.respond({ ':status': 200, 'content-type': 'application/x-protobuf' })
    stream.end()
  })
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
