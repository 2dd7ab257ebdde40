#include <stdio.h>

int main(void) {
    puts("Hello from a program of a few kilobytes.");
    return 0;
}
