/// Which profile a pod matches, and what a profile may say. Pure: depends on nothing but the JDK.
@NullMarked
package dev.monopod.model.profile;

import org.jspecify.annotations.NullMarked;
