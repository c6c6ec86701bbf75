namespace ncmlab {}
