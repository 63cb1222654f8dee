"""Every command of the engine, in any order and at random, by one process or by many."""
