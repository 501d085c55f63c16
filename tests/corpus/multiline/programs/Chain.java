// SPDX-License-Identifier: Apache-2.0
public class Chain {
    static class Handle implements AutoCloseable {
        public void close() { throw new IllegalArgumentException("close failed"); }
    }
    static void read() throws Exception {
        try (Handle handle = new Handle()) {
            throw new java.io.IOException("disk is gone");
        }
    }
    static void load() {
        try { read(); } catch (Exception e) { throw new IllegalStateException("cannot load", e); }
    }
    static int deep(int n) { return n == 0 ? Integer.parseInt("x") : deep(n - 1) + 1; }
    static class Loop extends RuntimeException {
        Loop() { super("loops"); }
    }
    public static void main(String[] args) {
        switch (args[0]) {
        case "uncaught": load(); break;
        case "printed": try { load(); } catch (Exception e) { e.printStackTrace(); } break;
        case "message": throw new RuntimeException("two lines:\nthe second one\n\nand a fourth");
        case "deep": deep(1500); break;
        case "circular":
            Exception a = new Exception("a"), b = new Exception("b");
            a.addSuppressed(b); b.addSuppressed(a); a.printStackTrace(); break;
        case "own": throw new Loop();
        }
    }
}
