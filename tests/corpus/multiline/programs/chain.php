<?php
// SPDX-License-Identifier: Apache-2.0
function read_it() { throw new RuntimeException('disk is gone'); }
function load_it() { try { read_it(); } catch (Exception $e) { throw new LogicException('cannot load', 1, $e); } }
function message_it() { throw new Exception("two lines:\nthe second one"); }
switch ($argv[1]) {
    case 'uncaught': load_it();
    case 'message': message_it();
    case 'logged':
        try { load_it(); } catch (Exception $e) { error_log($e); }
        error_log('and goes on');
        break;
}
