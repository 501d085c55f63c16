// SPDX-License-Identifier: Apache-2.0
function read() { throw new TypeError('disk is gone'); }
function load() {
  try { read(); } catch (e) { throw Object.assign(new Error('cannot load', { cause: e }), { code: 'ELOAD' }); }
}
switch (process.argv[2]) {
  case 'uncaught': load(); break;
  case 'logged': try { load(); } catch (e) { console.error(e); } console.error('and goes on'); break;
  case 'stack': try { read(); } catch (e) { console.error(e.stack); } break;
  case 'message': throw new Error('two lines:\nthe second one');
  case 'string': throw 'only text';
  case 'rejected': Promise.reject(new RangeError('in a promise')); break;
  case 'aggregate': Promise.any([Promise.reject(new Error('a')), Promise.reject(new Error('b'))]); break;
}
