/// `monopod patch`: which pods run on old machines, and having them made anew.
@NullMarked
package dev.monopod.cli.patch;

import org.jspecify.annotations.NullMarked;
