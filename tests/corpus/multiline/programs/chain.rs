// SPDX-License-Identifier: Apache-2.0
fn read(kind: &str) -> u32 {
    match kind {
        "equal" => { assert_eq!(1 + 1, 3, "the sum"); 0 }
        "message" => panic!("two lines:\nthe second one"),
        "thread" => std::thread::spawn(|| { let v: Vec<u32> = vec![]; v[0] }).join().unwrap_or(1),
        _ => "x".parse().expect("a number"),
    }
}
fn main() { println!("{}", read(&std::env::args().nth(1).unwrap())); }
