/// The system calls that Java has no method for, by the Foreign Function and Memory API: one typed
/// method each, `errno` as an exception. The only package that may depend on `java.lang.foreign`.
/// Depends on nothing of Monopod.
@NullMarked
package dev.monopod.host.kernel;

import org.jspecify.annotations.NullMarked;
