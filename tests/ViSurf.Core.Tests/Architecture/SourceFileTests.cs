using FluentAssertions;
using Xunit;

namespace ViSurf.Core.Tests.Architecture;

/// <summary>The eyes of <see cref="FloorTests"/>: a rule that sees nothing would always hold.</summary>
public sealed class SourceFileTests
{
    private static readonly string[] Folders = ["Data", "Models/Images", "Rewards", "Training"];

    [Theory]
    [InlineData("using ViSurf.Core.Rewards;", "Rewards")]
    [InlineData("using static ViSurf.Core.Rewards.RewardFunction;", "Rewards")]
    [InlineData("using R = ViSurf.Core.Rewards.RewardSuite;", "Rewards")]
    [InlineData("var x = new ViSurf.Core.Models.Images.SmartResize();", "Models/Images")]
    public void A_use_is_seen_however_it_is_written(string line, string folder) => Read(line).Uses(Folders).Should().Equal(folder);

    [Theory]
    [InlineData("// using ViSurf.Core.Rewards;")]
    [InlineData("/// <see cref=\"ViSurf.Core.Training.Trainer\"/>")]
    [InlineData("/* ViSurf.Core.Training */")]
    [InlineData("var text = \"ViSurf.Core.Training\";")]
    [InlineData("var text = @\"a \"\" ViSurf.Core.Training\";")]
    [InlineData("using ViSurf.Core.Data;")]
    public void Comments_strings_and_the_files_own_namespace_are_no_use(string line) => Read(line).Uses(Folders).Should().BeEmpty();

    [Fact]
    public void Folder_and_namespace_are_read_from_path_and_text()
    {
        var file = Read("using System;");
        (file.Folder, file.Namespace, file.SeesTorch).Should().Be(("Data", "ViSurf.Core.Data", false));
        Read("using static TorchSharp.torch;").SeesTorch.Should().BeTrue();
    }

    [Fact]
    public void The_librarys_files_are_found() => SourceFile.All().Should().Contain(f => f.Path == "ViSurf.Core/Common/Guard.cs").And.HaveCountGreaterThan(100);

    private static SourceFile Read(string line) => SourceFile.Read("ViSurf.Core/Data/File.cs", line + "\n\nnamespace ViSurf.Core.Data;\n");
}
