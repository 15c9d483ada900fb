"""Cores that a process may use, from the files that Linux shows."""

from pathlib import Path

import pytest

from netspec.runtime.cpu.processors import model_name, usable_cores


def machine(root: Path, files: dict[str, str], threads_a_core: int = 1) -> Path:
    """A machine of eight processors below `root`, and what is said of cgroups there."""
    for processor in range(8):
        first = processor // threads_a_core * threads_a_core
        siblings = ",".join(str(first + k) for k in range(threads_a_core))
        put(root / f"sys/devices/system/cpu/cpu{processor}/topology/thread_siblings_list", siblings)
    for name, text in files.items():
        put(root / name, text)
    return root


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text + "\n")


def test_the_processor_tells_its_name(tmp_path: Path) -> None:
    put(tmp_path / "proc/cpuinfo", "processor\t: 0\nmodel\t\t: 17\nmodel name\t: AMD EPYC 9R14\n")
    assert model_name(tmp_path) == "AMD EPYC 9R14"
    assert model_name(tmp_path / "elsewhere") is None


def test_threads_of_one_core_count_once(tmp_path: Path) -> None:
    assert usable_cores(machine(tmp_path, {}, threads_a_core=2), range(8)) == 4


def test_affinity_leaves_only_its_processors(tmp_path: Path) -> None:
    root = machine(tmp_path, {}, threads_a_core=2)
    assert usable_cores(root, {0, 1, 5}) == 2


def test_processors_count_where_nothing_is_told_of_cores(tmp_path: Path) -> None:
    assert usable_cores(tmp_path, range(3)) == 3


@pytest.mark.parametrize(
    ("limit", "cores"),
    [("max 100000", 8), ("200000 100000", 2), ("150000 100000", 2), ("50000 100000", 1), ("rubbish", 8)],
)
def test_a_quota_of_cgroup_version_2_is_respected(limit: str, cores: int, tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/a/b", "sys/fs/cgroup/a/b/cpu.max": limit}
    assert usable_cores(machine(tmp_path, files), range(8)) == cores


def test_the_tightest_cgroup_above_counts(tmp_path: Path) -> None:
    files = {
        "proc/self/cgroup": "0::/a/b",
        "sys/fs/cgroup/a/cpu.max": "300000 100000",
        "sys/fs/cgroup/a/b/cpu.max": "500000 100000",
    }
    assert usable_cores(machine(tmp_path, files), range(8)) == 3


def test_a_container_that_sees_its_own_cgroup_as_the_root_is_respected(tmp_path: Path) -> None:
    files = {"proc/self/cgroup": "0::/docker/0123", "sys/fs/cgroup/cpu.max": "400000 100000"}
    assert usable_cores(machine(tmp_path, files), range(8)) == 4


@pytest.mark.parametrize(("quota", "cores"), [("-1", 8), ("250000", 3)])
@pytest.mark.parametrize("controllers", ["cpu", "cpu,cpuacct"])
def test_a_quota_of_cgroup_version_1_is_respected(quota: str, cores: int, controllers: str, tmp_path: Path) -> None:
    folder = f"sys/fs/cgroup/{controllers}/job"
    files = {
        "proc/self/cgroup": f"9:memory:/other\n2:{controllers}:/job",
        f"{folder}/cpu.cfs_quota_us": quota,
        f"{folder}/cpu.cfs_period_us": "100000",
    }
    assert usable_cores(machine(tmp_path, files), range(8)) == cores


def test_this_process_may_use_a_core() -> None:
    assert usable_cores() >= 1
