using System.Xml.Linq;
using FluentAssertions;
using ViSurf.Core.Tests.Support;
using Xunit;

namespace ViSurf.Core.Tests.Build;

/// <summary>What the package of ViSurf.Core carries beside its assembly.</summary>
public sealed class PackageTests
{
    private static readonly string Folder = Repository.PathOf("src", "ViSurf.Core");
    private static readonly XDocument Project = XDocument.Load(Path.Combine(Folder, "ViSurf.Core.csproj"));

    [Fact]
    public void The_build_step_is_packed_where_NuGet_looks_for_it()
    {
        // NuGet imports buildTransitive/<package id>.targets, and no other name, into every project that uses the package.
        var id = Project.Descendants("PackageId").Single().Value;
        File.Exists(Path.Combine(Folder, "buildTransitive", id + ".targets")).Should().BeTrue();
        var item = Project.Descendants("None").Single(n => (string?)n.Attribute("Include") == "buildTransitive/**");
        ((string?)item.Attribute("Pack"), (string?)item.Attribute("PackagePath")).Should().Be(("true", "buildTransitive"));
        item.Attribute("Condition").Should().BeNull("a package without it would not load on Debian 12");
    }

    [Fact]
    public void The_build_steps_code_lies_beside_it_and_stays_out_of_the_assembly()
    {
        var step = XDocument.Load(Path.Combine(Folder, "buildTransitive", "ViSurf.Core.targets"));
        step.Descendants("ViSurfPatchTask").Single().Value.Should().Be("$(MSBuildThisFileDirectory)WeakenSymbolVersion.cs");
        File.Exists(Path.Combine(Folder, "buildTransitive", "WeakenSymbolVersion.cs")).Should().BeTrue();
        Project.Descendants("Compile").Should().Contain(c => (string?)c.Attribute("Remove") == "buildTransitive/**");
    }

    [Fact]
    public void The_build_step_runs_after_build_and_after_publish_unless_turned_off()
    {
        var targets = XDocument.Load(Path.Combine(Folder, "buildTransitive", "ViSurf.Core.targets")).Descendants("Target").ToArray();
        targets.Select(t => (string?)t.Attribute("AfterTargets")).Should().Equal("CopyFilesToOutputDirectory", "CopyFilesToPublishDirectory;Publish");
        targets.Should().OnlyContain(t => (string?)t.Attribute("Condition") == "'$(_ViSurfPatches)' == 'true'");
    }

    [Fact]
    public void Symbols_and_licence_go_with_it()
    {
        Project.Descendants("SymbolPackageFormat").Single().Value.Should().Be("snupkg");
        XDocument.Load(Repository.PathOf("Directory.Build.props")).Descendants("PackageLicenseExpression").Single().Value.Should().Be("MIT");
    }

    [Fact]
    public void The_testing_package_brings_its_README_and_no_test_framework()
    {
        var folder = Repository.PathOf("src", "ViSurf.Core.Testing");
        var project = XDocument.Load(Path.Combine(folder, "ViSurf.Core.Testing.csproj"));
        project.Descendants("PackageReadmeFile").Single().Value.Should().Be("README.md");
        File.Exists(Path.Combine(folder, "README.md")).Should().BeTrue();
        project.Descendants("IsPackable").Single().Value.Should().Be("true");
        project.Descendants("PackageReference").Should().BeEmpty();
        project.Descendants("ProjectReference").Select(r => (string?)r.Attribute("Include")).Should().Equal("../ViSurf.Core/ViSurf.Core.csproj");
    }
}
