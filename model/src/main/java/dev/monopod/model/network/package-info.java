/// Address ranges. Pure: depends on nothing but the JDK.
@NullMarked
package dev.monopod.model.network;

import org.jspecify.annotations.NullMarked;
