// SPDX-License-Identifier: Apache-2.0
using System;
using System.Threading.Tasks;
public class Chain {
    static void Read() { throw new System.IO.IOException("disk is gone"); }
    static void Load() {
        try { Read(); } catch (Exception e) { throw new InvalidOperationException("cannot load", e); }
    }
    public static void Main(string[] args) {
        switch (args[0]) {
        case "uncaught": Load(); break;
        case "printed": try { Load(); } catch (Exception e) { Console.Error.WriteLine(e); } break;
        case "aggregate":
            try { Task.WaitAll(Task.Run(() => Load()), Task.Run(() => Read())); }
            catch (Exception e) { Console.Error.WriteLine(e); }
            break;
        }
    }
}
