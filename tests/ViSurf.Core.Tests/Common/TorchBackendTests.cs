using FluentAssertions;
using TorchSharp;
using ViSurf.Core.Common;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Common;

/// <summary>Device names, and what a program without a working libtorch is told.</summary>
public sealed class TorchBackendTests
{
    private const string Debian12 =
        "Unable to load shared library 'LibTorchSharp' or one of its dependencies.\n"
        + "/lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /app/libLibTorchSharp.so)\n"
        + "/app/LibTorchSharp.so: cannot open shared object file: No such file or directory\n";

    [Fact]
    public void Loading_twice_is_loading_once()
    {
        TorchBackend.EnsureLoaded();
        var again = TorchBackend.EnsureLoaded;
        again.Should().NotThrow();
    }

    [Theory]
    [InlineData("cpu", null)]
    [InlineData(" CPU ", null)]
    [InlineData("cuda", 0)]
    [InlineData("cuda:0", 0)]
    [InlineData("CUDA:12", 12)]
    public void A_name_is_the_cpu_or_a_cuda_device_counted_from_0(string name, int? index) => TorchBackend.CudaIndex(name).Should().Be(index);

    [Theory]
    [InlineData("gpu")]
    [InlineData("cpu:0")]
    [InlineData("cuda:")]
    [InlineData("cuda:-1")]
    [InlineData("cuda: 1")]
    [InlineData("cuda:1:2")]
    [InlineData("cuda:99999999999")]
    public void Another_name_is_refused_with_the_three_that_are_known(string name)
    {
        var device = () => TorchBackend.Device(name);
        device.Should().Throw<ArgumentException>().WithMessage($"Expected a device 'cpu', 'cuda' or 'cuda:N', got '{name}'.*");
    }

    [Fact]
    public void The_cpu_is_always_there() => TorchBackend.Device("cpu").type.Should().Be(DeviceType.CPU);

    [Fact]
    public void A_cuda_device_is_there_exactly_when_torch_counts_it()
    {
        var count = torch.cuda.is_available() ? torch.cuda.device_count() : 0;
        for (var i = 0; i < count; i++) TorchBackend.Device($"cuda:{i}").index.Should().Be(i);
        var beyond = () => TorchBackend.Device($"cuda:{count}");
        beyond.Should().Throw<InvalidOperationException>().Which.Message.Should().Be(TorchBackend.NoSuchDevice($"cuda:{count}", count));
    }

    [Fact]
    public void A_missing_cuda_device_is_answered_with_how_many_there_are_and_what_to_do()
    {
        TorchBackend.NoSuchDevice("cuda", 0).Should().Contain("0 devices").And.Contain("-p:Torch=cuda").And.NotContain("\n");
        TorchBackend.NoSuchDevice("cuda:2", 2).Should().Be("Expected one of the 2 CUDA devices cuda:0 to cuda:1, got 'cuda:2'.");
    }

    [Fact]
    public void An_old_libstdcxx_is_named_with_the_build_step_that_helps()
        => TorchLoadFailure.Message(Debian12, "linux-x64", "0.107.0").Should()
            .Contain("GLIBCXX_3.4.32").And.Contain("ViSurfPatchTorchSharp").And.NotContain("dotnet add package", "libtorch is there");

    [Fact]
    public void Who_references_the_project_is_told_the_line_that_README_has_and_the_file_is_there()
    {
        var import = System.Text.RegularExpressions.Regex.Match(TorchLoadFailure.Message(Debian12, "linux-x64", "0.107.0"), "<Import Project=\"…/(.*?)\" />");
        File.ReadAllText(Repository.PathOf("README.md")).Should().Contain(import.Value);
        File.Exists(Repository.PathOf(import.Groups[1].Value.Split('/'))).Should().BeTrue();
    }

    [Fact]
    public void An_old_C_library_cannot_be_helped_by_the_build_step()
        => TorchLoadFailure.Message("/lib/libc.so.6: version `GLIBC_2.38' not found", "linux-x64", "0.107.0").Should()
            .Contain("GLIBC_2.38").And.NotContain("ViSurfPatchTorchSharp");

    [Theory]
    [InlineData("linux-x64", "libtorch-cpu-linux-x64", "TorchSharp-cuda-linux")]
    [InlineData("win-x64", "libtorch-cpu-win-x64", "TorchSharp-cuda-windows")]
    public void A_missing_libtorch_is_answered_with_the_packages_of_that_platform(string platform, string small, string cuda)
        => TorchLoadFailure.Message("libtorch.so: cannot open shared object file: No such file or directory", platform, "0.107.0").Should()
            .Contain("dotnet add package TorchSharp-cpu --version 0.107.0").And.Contain(small).And.Contain(cuda);

    [Fact]
    public void Macs_are_not_told_about_cuda()
        => TorchLoadFailure.Message("not found", "osx-arm64", "0.107.0").Should().Contain("libtorch-cpu-osx-arm64").And.NotContain("TorchSharp-cuda");

    [Fact]
    public void A_platform_without_a_native_library_is_named_with_those_that_have_one()
        => TorchLoadFailure.Message(Debian12, "linux-arm64", "0.107.0").Should().Contain("got linux-arm64").And.Contain("linux-x64, osx-arm64, win-x64, win-arm64");

    [Fact]
    public void The_loaders_own_words_stay_inside()
    {
        var loader = new DllNotFoundException(Debian12);
        TorchLoadFailure.Explain(loader).InnerException.Should().BeSameAs(loader);
    }
}
