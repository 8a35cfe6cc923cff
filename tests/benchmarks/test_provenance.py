"""What a result was made with."""

from benchmarks.provenance import described, environment, mismatch

_CPUINFO = """processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: {model}
model name\t: AMD EPYC
flags\t\t: fpu sse2 avx {more}

processor\t: 1
cpu family\t: 1
model name\t: another
flags\t\t: fpu amx_tile
"""


def test_processors_of_one_name_and_other_vector_instructions_are_told_apart():
    milan = described(_CPUINFO.format(model=1, more="avx2"))
    genoa = described(_CPUINFO.format(model=17, more="avx2 avx512f avx512_vnni"))
    assert milan == "AMD EPYC (family 25, model 1, avx2)"
    assert genoa == "AMD EPYC (family 25, model 17, avx512f)"


def test_a_processor_that_says_its_name_alone():
    assert described("processor : 0\nmodel name : Some: processor\n") == "Some: processor"


def test_a_record_of_another_processor_is_told():
    now = environment()
    assert mismatch(now) is None
    assert mismatch({**now, "revision": "another"}) is None
    told = mismatch({**now, "processor": "AMD EPYC"})
    assert told is not None
    assert f"processor AMD EPYC -> {now['processor']}:" in told
